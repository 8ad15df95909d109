import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readPublicKeys, readSigningKey, writeNewKey } from './release/keys.ts';
import { signLatest, signRelease, writeKeys } from './release/sign.ts';

const USAGE = `Signs releases. Private keys are PEM files, which never leave the machine that this runs on.

  npm run release:sign -- new-key FILE
      Writes a new Ed25519 key to FILE, and its public key to FILE.pub. The three root keys belong on machines without a
      network; the public ones of all three, one after the other, are the file for npm run release -- --root-keys.
  npm run release:sign -- keys --out FILE --root-key FILE --root-key FILE --release-key FILE.pub...
      Writes keys.json, which says which keys may sign releases. Needs two of the three root keys.
  npm run release:sign -- release --out DIR --version X --key FILE [--revoke VERSION]...
      Signs the release X in DIR, and announces it as the newest one.
  npm run release:sign -- latest --out DIR --version X --key FILE [--revoke VERSION]...
      Announces X again. Without it, hosts refuse every upgrade seven days after the last time. --revoke withdraws versions.
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string' },
    version: { type: 'string' },
    key: { type: 'string' },
    'root-key': { type: 'string', multiple: true, default: [] },
    'release-key': { type: 'string', multiple: true, default: [] },
    revoke: { type: 'string', multiple: true, default: [] },
  },
});
const [action, file] = positionals;
const now = Date.now();

try {
  await act();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function act(): Promise<void> {
  if (action === 'new-key' && file !== undefined) return writeNewKey(file);
  const { out } = values;
  if (action === 'keys' && out !== undefined) {
    if (values['root-key'].length < 2) throw new Error('keys.json needs the signatures of two root keys.');
    const roots = await Promise.all(values['root-key'].map(readSigningKey));
    const releaseKeys = (await Promise.all(values['release-key'].map(readPublicKeys))).flat();
    if (releaseKeys.length === 0) throw new Error('Name the public key of at least one release key.');
    return writeKeys(out, releaseKeys, roots, now);
  }
  const { version, key } = values;
  if (
    (action === 'release' || action === 'latest') &&
    out !== undefined &&
    version !== undefined &&
    key !== undefined
  ) {
    if (!existsSync(out)) throw new Error(`${out} does not exist.`);
    const options = { key: await readSigningKey(key), revoked: values.revoke, now };
    return action === 'release' ? signRelease(out, version, options) : signLatest(out, version, options);
  }
  throw new Error(USAGE);
}
