import { useState } from 'react';
import { Button } from './button.tsx';
import { download } from './download.ts';
import { useNotices } from './notices.tsx';

/** Saves an answer of the API as a file. */
export function DownloadButton({
  path,
  file,
  children,
}: {
  readonly path: string;
  readonly file: string;
  readonly children: string;
}) {
  const notices = useNotices();
  const [isBusy, setBusy] = useState(false);
  return (
    <Button
      size="small"
      isBusy={isBusy}
      title={`Save ${file}`}
      onClick={() => {
        setBusy(true);
        download(path, file)
          .then((rows) => {
            if (rows === 'newest')
              notices.failed(
                `${file} has the newest 50,000 rows only.`,
                new Error('Narrow the time to save older ones.'),
              );
          })
          .catch((error: unknown) => notices.failed(`${file} was not saved.`, error))
          .finally(() => setBusy(false));
      }}
    >
      {children}
    </Button>
  );
}
