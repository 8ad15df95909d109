import { type Change, diffLines } from 'diff';
import { Card } from '../../parts/page.tsx';
import { Command, Empty, Loaded } from '../../parts/query-states.tsx';
import { Scroll } from '../../parts/scroll.tsx';
import { useVersion } from './config-api.ts';
import { diffRows } from './diff-rows.ts';
import { yamlText } from './yaml-text.ts';

/** The content of a version, and what it changes. */
export function VersionView({
  pool,
  version,
  base,
  choices,
  onBase,
}: {
  readonly pool: string;
  readonly version: number;
  readonly base: number | undefined;
  readonly choices: readonly number[];
  readonly onBase: (version: number | undefined) => void;
}) {
  const shown = useVersion(pool, version);
  const before = useVersion(pool, base);
  return (
    <>
      {base !== undefined && (
        <Card
          isFlush
          title={`What version ${version} changes`}
          aside={
            <label>
              compared with{' '}
              <select
                className="input-small"
                value={base}
                onChange={(event) => onBase(Number(event.target.value))}
              >
                {choices.map((each) => (
                  <option key={each} value={each}>
                    version {each}
                  </option>
                ))}
              </select>
            </label>
          }
        >
          <Loaded query={before} what={`version ${base}`}>
            {(old) =>
              shown.data !== undefined && (
                <Diff
                  changes={diffLines(`${yamlText(old.content)}\n`, `${yamlText(shown.data.content)}\n`)}
                />
              )
            }
          </Loaded>
        </Card>
      )}
      <Card title={`Version ${version}`} aside="Without comments; references are not resolved">
        <Loaded query={shown} what={`version ${version}`}>
          {({ content }) => <Command text={yamlText(content)} label="Copy the file" />}
        </Loaded>
      </Card>
    </>
  );
}

const marks = { added: '+', removed: '−', same: ' ' } as const;
const words = { added: 'added', removed: 'removed', same: '' } as const;

function Diff({ changes }: { readonly changes: readonly Change[] }) {
  const rows = diffRows(changes);
  if (rows.every(({ kind }) => kind === 'same')) return <Empty title="The content is the same." />;
  return (
    <Scroll label="Changes" className="diff">
      {rows.map(({ key, kind, text }) =>
        kind === 'gap' ? (
          <div key={key} className="diff-gap">
            {text}
          </div>
        ) : (
          <div key={key} className={`diff-line diff-${kind}`}>
            <span aria-hidden="true">{marks[kind]}</span>
            <span>
              <span className="hidden-text">{words[kind]}</span>
              {text}
            </span>
          </div>
        ),
      )}
    </Scroll>
  );
}
