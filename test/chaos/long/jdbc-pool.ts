import { JavaPrograms } from '../../drivers/java-program.ts';
import type { Postgres } from '../../rig/postgres.ts';
import type { Workload } from '../workload.ts';

const CONNECTIONS = 8;

/** A HikariCP pool whose every result is compared with the checksum that the server has made of it. */
export class JdbcPools implements AsyncDisposable {
  readonly #programs: JavaPrograms;

  private constructor(programs: JavaPrograms) {
    this.#programs = programs;
  }

  static async compile(): Promise<JdbcPools> {
    return new JdbcPools(await JavaPrograms.compile());
  }

  /** Works for so many seconds, on the connections that it begins with. Resolves when all of them are in use. */
  async start(postgres: Postgres, port: number, seconds: number): Promise<Workload> {
    const { user, password, database } = postgres;
    const url = `jdbc:postgresql://127.0.0.1:${port}/${database}?sslmode=disable`;
    const pool = await this.#programs.start({
      program: 'Pool',
      arguments: [url, String(CONNECTIONS), String(seconds)],
      login: { user, password },
    });
    await pool.json({ event: 'working' }, 120_000);
    const name = `JDBC pool of ${CONNECTIONS}, ${seconds} s`;
    return {
      name,
      async finish() {
        const { code } = await pool.exit((seconds + 120) * 1000);
        const sums = pool.lines.findLast(({ json }) => json?.['event'] === 'done')?.json ?? {};
        const errors = pool.lines.flatMap(({ text, json }) =>
          json?.['event'] === 'lost' || json?.['event'] === 'refused' ? [text] : [],
        );
        if (code !== 0) errors.push(`The pool ended with exit code ${code}: ${pool.output.slice(-500)}`);
        await pool[Symbol.asyncDispose]();
        return {
          workload: name,
          done: Number(sums['answers'] ?? 0),
          errors,
          wrong: Number(sums['wrong'] ?? 0),
        };
      },
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#programs[Symbol.asyncDispose]();
  }
}
