/** More line icons on the same grid: those of search and of the player's further controls. */
import { Icon } from "./icons.tsx";

export const SearchIcon = () => (
  <Icon>
    <circle cx="10.5" cy="10.5" r="6" />
    <path d="m15 15 5 5" />
  </Icon>
);

export const CloseIcon = () => (
  <Icon>
    <path d="m6.500 6.500 11 11M17.500 6.500l-11 11" />
  </Icon>
);

export const BellIcon = () => (
  <Icon>
    <path d="M6 16.500V11a6 6 0 0 1 12 0v5.500l1.500 1.500h-15L6 16.500ZM10 20.500h4" />
  </Icon>
);

export const ShareIcon = () => (
  <Icon>
    <path d="M12 14.500V4M8.500 7.200 12 3.800l3.500 3.400M6.500 11.500H6a1.500 1.500 0 0 0-1.500 1.500v5.500A1.500 1.500 0 0 0 6 20h12a1.500 1.500 0 0 0 1.500-1.500V13a1.500 1.500 0 0 0-1.500-1.500h-.5" />
  </Icon>
);

export const GearIcon = () => (
  <Icon>
    <path d="M4 8h9M17.500 8H20M4 16h2.500M11 16h9" />
    <circle cx="15.200" cy="8" r="2.200" />
    <circle cx="8.800" cy="16" r="2.200" />
  </Icon>
);

export const TheatreIcon = () => (
  <Icon>
    <rect x="3" y="6.500" width="18" height="11" rx="2" />
  </Icon>
);

export const PipIcon = () => (
  <Icon>
    <path d="M20 10.500V7a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v9a2 2 0 0 0 2 2h3.500" />
    <rect x="12.500" y="13" width="8" height="6" rx="1.500" fill="currentColor" />
  </Icon>
);

export const CastIcon = () => (
  <Icon>
    <path d="M4 9V7a2 2 0 0 1 2-2h12a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2h-4M4 12.500a6.500 6.500 0 0 1 6.500 6.500M4 16a3 3 0 0 1 3 3" />
  </Icon>
);

export const CaptionsIcon = () => (
  <Icon>
    <rect x="3" y="5.500" width="18" height="13" rx="2.500" />
    <path d="M10.300 10.600a2.200 2.200 0 1 0 0 2.800M16.800 10.600a2.200 2.200 0 1 0 0 2.800" />
  </Icon>
);

export const ReplayIcon = () => (
  <Icon>
    <path d="M5 12a7 7 0 1 0 2.300-5.200M5 4.500v3.300h3.300" />
  </Icon>
);
