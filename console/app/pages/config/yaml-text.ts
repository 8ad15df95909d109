/** A JSON value as YAML for people: block style, and quotes only where YAML needs them. */
export function yamlText(value: unknown, indent = ''): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return value.map((item) => `${indent}- ${nested(item, `${indent}  `).trimStart()}`).join('\n');
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, each]) => each !== undefined);
    if (entries.length === 0) return '{}';
    return entries
      .map(([key, each]) => {
        const isBlock = typeof each === 'object' && each !== null && Object.keys(each).length > 0;
        return `${indent}${scalar(key)}:${isBlock ? `\n${yamlText(each, `${indent}  `)}` : ` ${yamlText(each)}`}`;
      })
      .join('\n');
  }
  return typeof value === 'string' ? scalar(value) : String(value);
}

const nested = (value: unknown, indent: string): string =>
  typeof value === 'object' && value !== null ? yamlText(value, indent) : `${indent}${yamlText(value)}`;

/** Plain if YAML 1.2 reads it as the same string, otherwise in double quotes, which are those of JSON. */
function scalar(text: string): string {
  const isPlain =
    /^[A-Za-z0-9_./$][A-Za-z0-9_./$@ {}()+=:,;?!~^%*<>|&'-]*$/.test(text) &&
    !/: |:$| $|^(true|false|null|yes|no|on|off|~)$/i.test(text) &&
    !/^[-+.\d][\w.,:+-]*$/.test(text);
  return isPlain ? text : JSON.stringify(text);
}
