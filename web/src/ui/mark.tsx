/** The site's mark: a carrier wave and the lamp above it. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="32" height="32" fill="none" aria-hidden="true">
      <path
        d="M3 20.5c3.7 0 3.7-9.5 7.2-9.500s3.7 13.5 7.2 13.5 3.7-13.5 7.6-13.5"
        stroke="currentColor"
        stroke-width="2.8"
        stroke-linecap="round"
      />
      <circle class="mark-lamp" cx="27" cy="6" r="3.2" />
    </svg>
  );
}
