import './sign-in-page.css';
import { type ReactNode, useState } from 'react';
import { asApiError } from '../api/problem.ts';
import { type ConsoleSession, signIn } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { Logo } from './logo.tsx';
import { ProviderSignIn } from './provider-sign-in.tsx';

function Panel({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <main className="sign-in">
      <div className="sign-in-panel">
        <div className="sign-in-brand">
          <Logo /> Penstock
        </div>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}

/** Shown while it is found out whether this browser has a session; empty, because that usually takes no time. */
export function Starting() {
  return <main className="sign-in" aria-busy="true" aria-label="Starting" />;
}

export function StartFailed({ error, retry }: { readonly error: unknown; readonly retry: () => void }) {
  const { message, code } = asApiError(error);
  return (
    <Panel title="The gateway does not answer">
      <p role="alert">
        {message} <code className="faint">{code}</code>
      </p>
      <p className="soft">Connections of clients do not depend on this page: they continue without it.</p>
      <Button kind="primary" onClick={retry}>
        Try again
      </Button>
    </Panel>
  );
}

export function SignInPage({
  error,
  onSignedIn,
}: {
  readonly error?: unknown;
  readonly onSignedIn: (session: ConsoleSession) => void;
}) {
  return (
    <Panel title="Sign in">
      {error !== undefined && <LinkProblem error={error} />}
      <ProviderSignIn />
      <p className="soft">
        On the gateway’s host, this prints a link that signs you in for the next minute:
        <code className="sign-in-command">penstock-gateway console</code>
      </p>
      <TokenForm onSignedIn={onSignedIn} />
    </Panel>
  );
}

function LinkProblem({ error }: { readonly error: unknown }) {
  const { message, code } = asApiError(error);
  return (
    <p className="sign-in-problem" role="alert">
      The link did not sign you in. {message} <code>{code}</code>
    </p>
  );
}

/** A form for an admin token. It is exchanged for a session and not kept. */
export function TokenForm({ onSignedIn }: { readonly onSignedIn: (session: ConsoleSession) => void }) {
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const send = async () => {
    const trimmed = token.trim();
    if (trimmed === '') {
      setProblem(new Error('Enter an admin token. It starts with pst_admin_.'));
      return;
    }
    setBusy(true);
    setProblem(undefined);
    try {
      onSignedIn(await signIn({ token: trimmed }));
    } catch (error) {
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };
  const failure = problem === undefined ? undefined : asApiError(problem);
  return (
    <form
      className="sign-in-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isBusy) void send();
      }}
    >
      <label htmlFor="admin-token">Admin token</label>
      <input
        id="admin-token"
        name="admin-token"
        type="password"
        autoComplete="off"
        spellCheck={false}
        placeholder="pst_admin_…"
        value={token}
        aria-invalid={failure !== undefined}
        aria-describedby={failure === undefined ? undefined : 'admin-token-problem'}
        onChange={(event) => setToken(event.target.value)}
      />
      {failure !== undefined && (
        <p id="admin-token-problem" className="sign-in-problem" role="alert">
          {failure.message} {failure.code !== 'BAD_ANSWER' && <code>{failure.code}</code>}
        </p>
      )}
      <Button kind="primary" type="submit" isBusy={isBusy}>
        Sign in
      </Button>
    </form>
  );
}
