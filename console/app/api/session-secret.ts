// The second half of the session's secret. The first is a cookie that scripts cannot read. Cookies ignore ports, so on
// loopback every other local server gets that cookie; local storage belongs to one port.
const KEY = 'penstock.session';

let memory: string | undefined;

export function readSecret(): string | undefined {
  try {
    return localStorage.getItem(KEY) ?? memory;
  } catch {
    return memory;
  }
}

export function keepSecret(secret: string | undefined): void {
  memory = secret;
  try {
    if (secret === undefined) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, secret);
  } catch {
    // Storage can be switched off: the session then ends with the page.
  }
}

/** Calls `listener` when another tab has signed in or out. Returns a function that stops it. */
export function onSecretChanged(listener: () => void): () => void {
  const heard = (event: StorageEvent) => {
    if (event.key === KEY || event.key === null) listener();
  };
  addEventListener('storage', heard);
  return () => removeEventListener('storage', heard);
}
