/** The mark of Penstock: a gated pipe. */
export function Logo() {
  return (
    <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#0f4c5c" />
      <path d="M7 9h18M7 23h18" stroke="#8fd3df" strokeWidth="3" strokeLinecap="round" />
      <path d="M16 9v14" stroke="#fff" strokeWidth="5" />
      <path d="M11 16h10" stroke="#8fd3df" strokeWidth="3" strokeLinecap="round" />
    </svg>
  );
}
