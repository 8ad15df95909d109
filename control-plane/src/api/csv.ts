import type { FastifyReply } from 'fastify';

/** One line of comma-separated values (RFC 4180), with its line break. */
export function csvLine(values: readonly (string | number | undefined)[]): string {
  return `${values.map(cell).join(',')}\r\n`;
}

/**
 * A value that begins like a formula is preceded by an apostrophe: a spreadsheet would run it, and names of agents are chosen by
 * their owners.
 */
function cell(value: string | number | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export type CsvPage = {
  /** Name of the file, without `.csv`. */
  readonly name: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number | undefined)[])[];
  /** URL of the request, and the cursor of its next page. */
  readonly url: string;
  readonly nextCursor: string | undefined;
};

/** Sends a page of a listing as comma-separated values; the next page is in the header `Link` (RFC 8288). */
export function sendCsv(reply: FastifyReply, { name, head, rows, url, nextCursor }: CsvPage): FastifyReply {
  if (nextCursor !== undefined) {
    const next = new URL(url, 'http://gateway');
    next.searchParams.set('cursor', nextCursor);
    void reply.header('link', `<${next.pathname}${next.search}>; rel="next"`);
  }
  return reply
    .type('text/csv; charset=utf-8')
    .header('content-disposition', `attachment; filename="${name}.csv"`)
    .send(csvLine(head) + rows.map(csvLine).join(''));
}
