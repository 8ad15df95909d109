import { useEffect, useState } from 'react';
import { signInMethods } from '../api/session.ts';
import type { SignInMethods } from '../api/types.ts';

/** A link to the identity provider, if the gateway has one. It returns with a one-time code, like the command's link. */
export function ProviderSignIn({ isNewTab = false }: { readonly isNewTab?: boolean }) {
  const [methods, setMethods] = useState<SignInMethods>();
  useEffect(() => {
    let isGone = false;
    // Without an answer, the other ways to sign in remain.
    signInMethods().then(
      (found) => !isGone && setMethods(found),
      () => {},
    );
    return () => {
      isGone = true;
    };
  }, []);
  if (methods?.oidc === undefined) return null;
  return (
    <>
      <a
        className="button button-primary"
        href={methods.oidc.path}
        {...(isNewTab && { target: '_blank', rel: 'opener' })}
      >
        Sign in with your organization’s account
      </a>
      <p className="sign-in-or soft">or</p>
    </>
  );
}
