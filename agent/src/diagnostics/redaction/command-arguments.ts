import { isSecretName } from '@penstock/config-schema';
import { REDACTED } from './known-secrets.ts';
import type { Redaction } from './rule.ts';

/** Options whose short form takes a secret, by the programs that have them. `glued`: the secret follows without a space. */
const PROGRAMS: readonly { readonly named: RegExp; readonly find: RegExp }[] = [
  { named: /\b(?:mysql|mariadb)[\w-]{0,16}\b/, find: /(?<=[\s"',]-p)[^\s"',-][^\s"']{0,255}/g },
  { named: /\b(?:7z[ar]?|unrar|rar)\b/, find: /(?<=[\s"',]-(?:p|hp))[^\s"',-][^\s"']{0,255}/g },
  {
    named: /\b(?:sshpass|mongo(?:sh|dump|restore|export|import)?)\b/,
    find: /(?<=[\s"',]-p["',\s]{0,4}\s?)(?<!-)[^\s"',-][^\s"']{0,255}/g,
  },
  {
    named: /\b(?:sqlcmd|bcp|zip|unzip|isql|tsql|osql)\b/,
    find: /(?<=[\s"',]-P["',\s]{0,4})[^\s"',-][^\s"']{0,255}/g,
  },
  { named: /\bredis-(?:cli|benchmark)\b/, find: /(?<=[\s"',]-a["',\s]{1,4})[^\s"',-][^\s"']{0,255}/g },
  {
    named: /\bldap(?:search|modify|add|delete|passwd|whoami)\b/,
    find: /(?<=[\s"',]-w["',\s]{0,4})[^\s"',-][^\s"']{0,255}/g,
  },
  {
    named: /\bcurl\b/,
    find: /(?<=[\s"',](?:-u|-U|--user|--proxy-user)["',=\s]{0,4}[^\s"':]{0,64}:)[^\s"']{1,256}/g,
  },
  // sqlplus app/password, with or without a database.
  {
    named: /\b(?:sqlplus|sqlldr|expdp|impdp|rman)\b/i,
    find: /(?<=\s[A-Za-z][\w$#]{0,63}\/)(?![\w.-]{1,64}[/:])[^\s"'@/]{1,128}(?=@|\s|["';]|$)/g,
  },
  {
    named: /\bconn(?:ect)?\s/i,
    find: /(?<=\bconn(?:ect)?\s{1,4}[A-Za-z][\w$#]{0,63}\/)[^\s"'@/]{1,128}(?=@|\s|["';]|$)/gi,
  },
];

/** `-psecret` of whatever program, unless it is a word, a number or a cluster of flags. */
const GLUED_PASSWORD =
  /(?<=(?:^|\s)-u\S{0,64}\s{1,4}-p)[^\s"'-][^\s"']{0,255}|(?<=(?:^|\s)-p)(?=[^\s"']{0,32}(?:[0-9!@#$%^*+]|[A-Z]))(?![0-9]{1,5}(?:\s|$|[,;:]))[^\s"'=-][^\s"'=]{2,255}/g;

/** `--password secret`, `-token secret`. */
const NAMED_OPTION =
  /(?<![\w-])(--?)([A-Za-z][\w-]{0,63})((?:["']?,\s{0,4}["'])|[ \t]{1,8}["']?)(?!\[redacted\]|-)([^\s"',]{1,4096})/g;

/** Secrets among the arguments of a command. */
export const redactCommandArguments: Redaction = (text) => {
  let result = text;
  for (const { named, find } of PROGRAMS) if (named.test(result)) result = result.replace(find, REDACTED);
  result = result.replace(GLUED_PASSWORD, REDACTED);
  return result.replace(NAMED_OPTION, (whole, dashes: string, name: string, gap: string) =>
    isSecretName(name) && name !== 'key' ? `${dashes}${name}${gap}${REDACTED}` : whole,
  );
};
