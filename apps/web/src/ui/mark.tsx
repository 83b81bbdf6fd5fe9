// Our own mark: two overlapping speech shapes that form a P.

export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" className="mark">
      <path className="mark-back" d="M6 12.5C6 6.7 10.7 2 16.5 2S27 6.7 27 12.5 22.3 23 16.5 23H6z" />
      <path className="mark-front" d="M6 12.5h6.5a4.500 4.500 0 0 1 4.500 4.500v1.500a4.500 4.500 0 0 1-4.500 4.500H11.500L6 30z" />
      <circle className="mark-hole" cx="16.5" cy="12.5" r="4.2" />
    </svg>
  );
}
