/** Returns a GitHub Actions workflow command that annotates a location in a file, with a trailing line break. */
export function annotation(
  level: 'error' | 'warning' | 'notice',
  message: string,
  place: Readonly<Record<string, string | number>>,
): string {
  const properties = Object.entries(place).map(([key, value]) => `${key}=${escapeProperty(String(value))}`);
  return `::${level} ${properties.join(',')}::${escapeData(message)}\n`;
}

/** Escapes like GitHub's toolkit: an unescaped line break would start another command. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
