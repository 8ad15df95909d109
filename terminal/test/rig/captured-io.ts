import type { Io } from '../../src/io.ts';

/** An `Io` that captures its output. */
export type CapturedIo = Io & {
  readonly out: () => string;
  readonly err: () => string;
  readonly exitCode: () => number | undefined;
};

export type Screen = { readonly columns?: number; readonly environment?: Io['environment'] };

/** If `columns` is omitted, the outputs are not terminals. */
export function capturedIo({ columns, environment = {} }: Screen = {}): CapturedIo {
  const out: string[] = [];
  const err: string[] = [];
  let exitCode: number | undefined;
  const writer = (texts: string[]) => ({
    write: (text: string) => texts.push(text),
    ...(columns === undefined ? {} : { isTTY: true, columns }),
  });
  return {
    stdout: writer(out),
    stderr: writer(err),
    environment,
    setExitCode: (code) => {
      exitCode = code;
    },
    out: () => out.join(''),
    err: () => err.join(''),
    exitCode: () => exitCode,
  };
}
