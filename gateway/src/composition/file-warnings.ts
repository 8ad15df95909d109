import { join } from 'node:path';
import { type GatewayConfig, windowWarnings } from '@penstock/config-schema';
import { exposureOf } from '@penstock/runtime';
import { STORE_FILE } from '@penstock/store';
import type { Certificates } from './certificates.ts';
import type { GatewayLog } from './event-catalogue.ts';

/** Logs what is wrong with files although the gateway can run with them. */
export function logFileWarnings(
  { dataDirectory, windows }: Pick<GatewayConfig, 'dataDirectory' | 'windows'>,
  { warnings }: Pick<Certificates, 'warnings'>,
  log: GatewayLog,
): void {
  for (const path of [dataDirectory, join(dataDirectory, STORE_FILE)]) {
    const detail = exposureOf(path);
    if (detail !== undefined) log('file-exposed', { detail });
  }
  for (const detail of warnings) log('file-damaged', { detail });
  for (const detail of windowWarnings({ windows }, Date.now())) log('config-surprising', { detail });
}
