import { ApiError } from '../api/problem.ts';
import { readSecret } from '../api/session-secret.ts';

/**
 * Downloads what a path of the API answers, as a file. A plain link cannot send the second half of the session. Rejects with
 * ApiError.
 */
export async function download(path: string, name: string): Promise<void> {
  const response = await fetch(path, { headers: { 'penstock-session': readSecret() ?? '' } });
  if (!response.ok) {
    throw new ApiError(
      'NOT_DOWNLOADED',
      `The gateway answered with status ${response.status}.`,
      response.status,
    );
  }
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken the file over when the click has been handled.
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}
