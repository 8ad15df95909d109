import { isSecretName, Secret } from '@penstock/config-schema';

/** Values of variables with secret-like names that are switches, not secrets. */
const HARMLESS = /^(?:true|false|yes|no|on|off|allow|deny|env|none|\d{1,4})$/i;

/** Every secret in a configuration, including the credentials in secret URLs. */
export function secretsOfConfig(config: unknown): string[] {
  if (config instanceof Secret) return withParts(config.reveal());
  if (typeof config !== 'object' || config === null) return [];
  return Object.values(config).flatMap(secretsOfConfig);
}

/** Values of environment variables with secret-like names, and the credentials in every URL of the environment. */
export function secretsOfEnvironment(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(environment).flatMap(([name, value = '']) => {
    const trimmed = value.trim();
    const isNamed = isSecretName(name) && !HARMLESS.test(trimmed);
    return [...(isNamed ? [value, trimmed] : []), ...credentialsIn(trimmed)];
  });
}

/** A private key in PEM and each of its lines, because a log can split a block anywhere. */
export function secretsOfPem(pem: string): string[] {
  const lines = pem.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('-----'));
  return [pem, lines.join(''), ...lines.filter(({ length }) => length >= 16)];
}

const withParts = (value: string) => [
  value,
  value.trim(),
  ...(value.includes('-----BEGIN') ? secretsOfPem(value) : credentialsIn(value.trim())),
];

function credentialsIn(text: string): string[] {
  const url = URL.parse(text) ?? (text.includes('@') ? URL.parse(`http://${text}`) : null);
  if (url === null || (url.username === '' && url.password === '')) return [];
  const { username, password } = url;
  const secrets = password === '' ? [username] : [password];
  const decoded = secrets.map(decode);
  return [...secrets, ...decoded, `${decode(username)}:${decode(password)}`];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
