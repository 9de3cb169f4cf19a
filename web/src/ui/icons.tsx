/** Line icons on a 24 grid, drawn for this site. They are decoration: the control around them carries the name. */
import type { JSX } from "solid-js";

export function Icon(props: { children: JSX.Element }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      width="24"
      height="24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {props.children}
    </svg>
  );
}

export const SunIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="4" />
    <path d="M12 3v1.500M12 19.500V21M3 12h1.500M19.5 12H21M5.6 5.600l1.1 1.100M17.3 17.300l1.1 1.100M5.6 18.400l1.1-1.100M17.3 6.700l1.1-1.1" />
  </Icon>
);

export const MoonIcon = () => (
  <Icon>
    <path d="M20 14.200A8.2 8.2 0 0 1 9.8 4 8.2 8.2 0 1 0 20 14.200Z" />
  </Icon>
);

export const PlayIcon = () => (
  <Icon>
    <path
      d="M7.5 5.200v13.600a.6.6 0 0 0 .9.500l11-6.800a.6.6 0 0 0 0-1l-11-6.800a.6.6 0 0 0-.9.500Z"
      fill="currentColor"
    />
  </Icon>
);

export const PauseIcon = () => (
  <Icon>
    <path d="M8.5 5v14M15.5 5v14" stroke-width="3.2" />
  </Icon>
);

export const SoundIcon = () => (
  <Icon>
    <path d="M4 9.500v5h3.500L12 18.500v-13L7.5 9.500H4Z" />
    <path d="M15.5 9a4.2 4.2 0 0 1 0 6M18 6.500a7.8 7.8 0 0 1 0 11" />
  </Icon>
);

export const MutedIcon = () => (
  <Icon>
    <path d="M4 9.500v5h3.500L12 18.500v-13L7.5 9.500H4Z" />
    <path d="m16 9.5 5 5M21 9.500l-5 5" />
  </Icon>
);

export const ExpandIcon = () => (
  <Icon>
    <path d="M4.5 9V5.500a1 1 0 0 1 1-1H9M15 4.500h3.500a1 1 0 0 1 1 1V9M19.5 15v3.500a1 1 0 0 1-1 1H15M9 19.500H5.500a1 1 0 0 1-1-1V15" />
  </Icon>
);

export const ShrinkIcon = () => (
  <Icon>
    <path d="M9 4.500V8a1 1 0 0 1-1 1H4.500M19.5 9H16a1 1 0 0 1-1-1V4.500M15 19.500V16a1 1 0 0 1 1-1h3.500M4.5 15H8a1 1 0 0 1 1 1v3.5" />
  </Icon>
);

export const CopyIcon = () => (
  <Icon>
    <rect x="8.5" y="8.5" width="11" height="11" rx="2.5" />
    <path d="M15.5 8.500V7A2.5 2.5 0 0 0 13 4.500H7A2.5 2.5 0 0 0 4.5 7v6A2.5 2.5 0 0 0 7 15.500h1.5" />
  </Icon>
);

export const CheckIcon = () => (
  <Icon>
    <path d="m5 12.5 4.5 4.500L19 7.5" />
  </Icon>
);

export const ArrowIcon = () => (
  <Icon>
    <path d="M4.5 12h15M13.5 6l6 6-6 6" />
  </Icon>
);

export const EyeIcon = () => (
  <Icon>
    <path d="M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12Z" />
    <circle cx="12" cy="12" r="2.800" />
  </Icon>
);

export const EyeOffIcon = () => (
  <Icon>
    <path d="M4 4l16 16M9.900 5.800c.7-.2 1.400-.3 2.100-.3 6 0 9.500 6.500 9.500 6.500s-1 1.900-2.900 3.600M6.300 7.400C3.800 9.200 2.500 12 2.500 12s3.500 6.500 9.500 6.500c1.700 0 3.200-.5 4.500-1.300" />
  </Icon>
);

export const PersonIcon = () => (
  <Icon>
    <circle cx="12" cy="8.500" r="3.800" />
    <path d="M4.500 20c.8-3.800 3.800-5.500 7.500-5.500s6.700 1.700 7.500 5.500" />
  </Icon>
);
