import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { skipBecause } from '../rig/optional.ts';
import { jarDirectory } from './driver-jars.ts';

const HERE = import.meta.dirname;

/** Where `npm run drivers` installs the drivers of Python and builds those of Go. */
const PYTHON_ENVIRONMENT = join(jarDirectory, 'python');
const PYTHON = join(PYTHON_ENVIRONMENT, 'bin/python');
const GO_PROGRAM = join(jarDirectory, 'go-drivers');

/** The programs that connect with a driver and a printed string. */
export const languages = {
  python: { command: PYTHON, args: [join(HERE, 'python/query.py')] },
  go: { command: GO_PROGRAM, args: [] },
} as const;

export type Language = keyof typeof languages;

/** For the `skip` option of a test that needs the drivers of a language. */
export function skipWithoutLanguage(language: Language): false | string {
  if (existsSync(languages[language].command)) return false;
  // The Go of Debian 12 is too old for current drivers, so continuous integration may lack them too.
  if (language === 'go') return 'the drivers of Go are not there; npm run drivers builds them with Go 1.25';
  return skipBecause(`the drivers of ${language} are not there; npm run drivers fetches them`);
}

/** psqlODBC registers itself when Debian installs it. */
export function skipWithoutOdbc(): false | string {
  if (existsSync('/etc/odbcinst.ini')) return skipWithoutLanguage('python');
  return skipBecause('psqlODBC (odbc-postgresql) is not installed');
}

/** Installs what is missing. Returns a line for each language, also for one whose tools this machine does not have. */
export function fetchLanguageDrivers(): string[] {
  return [
    fetched('Python', PYTHON, [
      ['python3', '-m', 'venv', PYTHON_ENVIRONMENT],
      [PYTHON, '-m', 'pip', 'install', '--quiet', '--requirement', join(HERE, 'python/requirements.txt')],
    ]),
    fetched('Go', GO_PROGRAM, [['go', '-C', join(HERE, 'go'), 'build', '-o', GO_PROGRAM, '.']]),
  ];
}

function fetched(language: string, program: string, commands: readonly (readonly string[])[]): string {
  for (const [command = '', ...args] of commands) {
    const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 5 * 60_000 });
    if (status !== 0) return `no drivers of ${language}: ${error?.message ?? stderr.trim()}`;
  }
  return `drivers of ${language} in ${program}`;
}
