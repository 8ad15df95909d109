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

/** A button whose action needs a role. Without it, the button says which one; likewise, that an admin has to approve it. */
export function RoleButton({
  needs,
  needsApproval = false,
  unavailable,
  children,
  title,
  ...rest
}: ButtonProps & {
  readonly needs: Role;
  /** Whether the action waits for the approval of an admin. */
  readonly needsApproval?: boolean;
}) {
  const missing = useMissingRole(needs);
  const refusal = missing ?? unavailable;
  const waits = needsApproval && refusal === undefined;
  return (
    <Button {...rest} unavailable={refusal} title={waits ? WAITS : title}>
      {children}
      {waits && ' (needs approval)'}
    </Button>
  );
}

const WAITS = 'This is a request: an admin has to approve it, under Approvals';
