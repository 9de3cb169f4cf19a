import { Icon } from "../ui/icons.tsx";

export const MoreIcon = () => (
  <Icon>
    <path d="M6 12h.01M12 12h.01M18 12h.01" stroke-width="3" />
  </Icon>
);

export const ReplyIcon = () => (
  <Icon>
    <path d="M10 8 6 12l4 4M6.500 12H14a4 4 0 0 1 4 4v1.500" />
  </Icon>
);

export const StarIcon = () => (
  <Icon>
    <path
      d="m12 4.500 2.300 4.800 5.200.700-3.800 3.600.950 5.200L12 16.300l-4.650 2.500.950-5.200L4.500 10l5.200-.700Z"
      fill="currentColor"
    />
  </Icon>
);

export const ShieldIcon = () => (
  <Icon>
    <path
      d="M12 3.800 5.500 6.200v5.300c0 4.100 2.700 7 6.500 8.700 3.800-1.700 6.500-4.600 6.500-8.700V6.200Z"
      fill="currentColor"
    />
  </Icon>
);

export const SendIcon = () => (
  <Icon>
    <path d="M4.500 12 19.500 5l-4.500 14.500-3.500-6Z" />
  </Icon>
);

export const SmileIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="8" />
    <path d="M8.800 14.200a4 4 0 0 0 6.400 0M9.500 9.800h.01M14.500 9.800h.01" />
  </Icon>
);

export const ChatIcon = () => (
  <Icon>
    <path d="M5 5.500h14A1.500 1.500 0 0 1 20.500 7v8.500A1.500 1.500 0 0 1 19 17h-7l-4.500 3.500V17H5a1.500 1.500 0 0 1-1.500-1.500V7A1.500 1.500 0 0 1 5 5.500Z" />
  </Icon>
);
