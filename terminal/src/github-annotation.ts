/** A workflow command of GitHub Actions that marks a place in a file, with its line break. */
export function annotation(
  level: 'error' | 'warning' | 'notice',
  message: string,
  place: Readonly<Record<string, string | number>>,
): string {
  const properties = Object.entries(place).map(([key, value]) => `${key}=${escapeProperty(String(value))}`);
  return `::${level} ${properties.join(',')}::${escapeData(message)}\n`;
}

/** As the toolkit of GitHub does it: unescaped, a line break would begin another command. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
