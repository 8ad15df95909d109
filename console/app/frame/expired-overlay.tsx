import type { ConsoleSession } from '../api/session.ts';
import { Dialog } from '../parts/dialog.tsx';
import { ProviderSignIn } from './provider-sign-in.tsx';
import { TokenForm } from './sign-in-page.tsx';

/**
 * Shown over the page when its session has ended. The page stays mounted behind it, with everything that was typed, and
 * continues after signing in again.
 */
export function ExpiredOverlay({
  session,
  onSignedIn,
}: {
  readonly session: ConsoleSession;
  readonly onSignedIn: (session: ConsoleSession) => void;
}) {
  return (
    <Dialog title="Your session has ended" isOpen>
      <p>
        Sign in again to continue. The page behind this keeps what you typed.
        {session.name !== '' && (
          <span className="soft">
            {' '}
            You were signed in as {session.name} ({session.role}).
          </span>
        )}
      </p>
      <ProviderSignIn isNewTab />
      <TokenForm onSignedIn={onSignedIn} />
      <p className="soft small">
        Or open the link that <code>penstock-gateway console</code> prints in another tab of this browser:
        this page notices.
      </p>
    </Dialog>
  );
}
