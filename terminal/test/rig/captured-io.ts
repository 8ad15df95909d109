import type { Io } from '../../src/io.ts';

/** An `Io` whose output is kept. */
export type CapturedIo = Io & {
  readonly out: () => string;
  readonly err: () => string;
  readonly exitCode: () => number | undefined;
};

export type Screen = { readonly columns?: number; readonly environment?: Io['environment'] };

/** Without columns, neither output is a terminal. */
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
