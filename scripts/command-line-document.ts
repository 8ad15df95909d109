import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { agentProgram } from '@penstock/agent';
import { gatewayProgram } from '@penstock/gateway';
import {
  type CommandPage,
  type CommandTerm,
  commandPages,
  exitCodeMeanings,
  exitCodes,
  type Io,
} from '@penstock/terminal';
import { between, markdownTable } from './generated-part.ts';

const DOCUMENT = 'docs/cli.md';

/** The commands are only inspected, not run. */
const io: Io = {
  stdout: { write: () => undefined, columns: 100 },
  stderr: { write: () => undefined },
  environment: { NO_COLOR: '1' },
  setExitCode: () => undefined,
};

/** docs/cli.md with the commands of both programs and their exit codes. */
export async function commandLineDocument(): Promise<{ path: string; content: string }> {
  const part = between(DOCUMENT);
  let content = await readFile(join(import.meta.dirname, '..', DOCUMENT), 'utf8');
  content = part(content, '<!-- exit codes -->', '<!-- end of exit codes -->', exitCodeTable());
  for (const program of [await gatewayProgram(io, process), await agentProgram(io, process)]) {
    const pages = commandPages(program);
    content = part(
      content,
      `<!-- ${program.name()} -->`,
      '<!-- end of commands -->',
      `${contents(pages)}\n${pages.map(section).join('\n')}`,
    );
  }
  return { path: DOCUMENT, content };
}

function exitCodeTable(): string {
  const rows = Object.entries(exitCodes).map(([name, code]) => [
    String(code),
    exitCodeMeanings[name as keyof typeof exitCodes],
  ]);
  return markdownTable(['exit code', 'meaning'], rows);
}

function contents(pages: readonly CommandPage[]): string {
  const rows = pages.map(({ path, description }) => [
    `[\`${path.split(' ').slice(1).join(' ')}\`](#${path.replaceAll(' ', '-')})`,
    description,
  ]);
  return markdownTable(['command', 'description'], rows);
}

function section({ path, description, usage, arguments: words, options, examples }: CommandPage): string {
  const sentence = `${description.slice(0, 1).toUpperCase()}${description.slice(1)}.`;
  return [
    `### ${path}\n`,
    `${sentence}\n`,
    `\`\`\`sh\n${usage}\n\`\`\`\n`,
    ...(words.length + options.length > 0
      ? [markdownTable(['argument or option', 'description'], [...words, ...options].map(row))]
      : []),
    `Example:\n\n\`\`\`sh\n${examples.join('\n')}\n\`\`\`\n`,
  ].join('\n');
}

const row = ({ term, description }: CommandTerm) => [`\`${term}\``, description];
