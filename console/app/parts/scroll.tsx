import type { ReactNode, Ref } from 'react';

/** A part of a page that scrolls by itself. The keyboard can reach it, and it has a name. */
export function Scroll({
  label,
  className,
  ref,
  children,
}: {
  readonly label: string;
  readonly className: string;
  readonly ref?: Ref<HTMLElement>;
  readonly children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard (WCAG 2.1.1)
    <section ref={ref} className={className} aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
