/** References as other programs write them: `$NAME`, `$(NAME)`, `{{ NAME }}`, `%NAME%`. */
const FORMS: readonly RegExp[] = [
  /^\$([A-Za-z_]\w{0,63})(?![\w{])/,
  /(?:^|[^$])\$\(?([A-Z_][A-Z0-9_]{1,63})\)?(?![\w{])/,
  /\$\(([A-Za-z_]\w{0,63})\)/,
  /\{\{-?\s{0,8}(?:\.|\$|env\s{0,4}[."'([]{1,2}|\.?Env\.|ENV\[["'])?([A-Za-z_]\w{0,63})/,
  /%([A-Za-z_]\w{0,63})%/,
];

/** The variable that a text refers to in the notation of another program, if any. */
export function mistakenReference(text: string): string | undefined {
  for (const form of FORMS) {
    const [, name] = form.exec(text.slice(0, 1024)) ?? [];
    if (name !== undefined) return name;
  }
  return undefined;
}
