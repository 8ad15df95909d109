/** Why a request of a browser is refused. The API has a problem code of the same name for each. */
export type SignInRefusalCode =
  | 'CONSOLE_SESSION_UNKNOWN'
  | 'CONSOLE_SESSION_EXPIRED'
  | 'SIGN_IN_CODE_INVALID'
  | 'SIGN_IN_REFUSED'
  | 'SIGN_IN_NEEDS_TLS'
  | 'ORIGIN_REFUSED'
  | 'HOST_REFUSED';

/** The message is for people: it says what to do, and contains no secret. */
export class SignInRefusal extends Error {
  override readonly name = 'SignInRefusal';
  readonly code: SignInRefusalCode;

  constructor(code: SignInRefusalCode, message: string) {
    super(message);
    this.code = code;
  }
}
