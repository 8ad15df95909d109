import './button.css';
import type { ButtonHTMLAttributes, ReactNode } from 'react';
import type { Role } from '../api/role.ts';
import { useMissingRole } from '../frame/session-context.tsx';

type ButtonProps = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'disabled'> & {
  readonly kind?: 'plain' | 'primary' | 'danger' | 'quiet';
  readonly size?: 'normal' | 'small';
  /** Why it cannot be used now. It stays visible and can be focused, so that the reason can be read. */
  readonly unavailable?: string | undefined;
  readonly isBusy?: boolean;
  readonly children: ReactNode;
};

export function Button({
  kind = 'plain',
  size = 'normal',
  unavailable,
  isBusy = false,
  children,
  onClick,
  className,
  type = 'button',
  title,
  ...rest
}: ButtonProps) {
  const isOff = unavailable !== undefined || isBusy;
  return (
    <button
      {...rest}
      type={type}
      className={`button button-${kind} ${size === 'small' ? 'button-small' : ''} ${className ?? ''}`}
      aria-disabled={isOff || undefined}
      aria-busy={isBusy || undefined}
      title={unavailable ?? title}
      aria-description={unavailable}
      onClick={(event) => {
        if (isOff) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {isBusy && <span className="button-busy" aria-hidden="true" />}
      {children}
    </button>
  );
}

/** A button whose action needs a role. Without it, the button says which one. */
export function RoleButton({ needs, unavailable, ...rest }: ButtonProps & { readonly needs: Role }) {
  const missing = useMissingRole(needs);
  return <Button {...rest} unavailable={missing ?? unavailable} />;
}
