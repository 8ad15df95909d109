/** Set by `npm run test:long`: every case of the tests that take only some of theirs in continuous integration. */
export const isLongForm: boolean = process.env['PENSTOCK_LONG'] === '1';
