/** Hands letters to the operator's mail server (SMTP, RFC 5321). What they say is `letters.ts`. */
import { createTransport } from "nodemailer";

export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `refused`: for good (5yz), such as an address that does not exist; another try would be refused too. */
export type Posted = "sent" | "refused";

export interface Mailer {
  /** Throws MailError when it may work later. */
  send(letter: Letter): Promise<Posted>;
  close(): void;
}

export interface MailerOptions {
  /** `smtp://` (STARTTLS where the server offers it) or `smtps://`, with user and password where it asks for them. */
  readonly url: string;
  readonly from: string;
}

/** The mail server is away, or asks to be left alone for now. Its message repeats neither address nor password. */
export class MailError extends Error {
  override readonly name = "MailError";
}

const CONNECT_MS = 10_000;
const SILENCE_MS = 30_000;
const CONNECTIONS = 2;
const LETTERS_OF_CONNECTION = 100;

export function makeMailer({ url, from }: MailerOptions): Mailer {
  const { hostname, password } = new URL(url);
  const isHere = hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname);
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: CONNECTIONS,
    maxMessages: LETTERS_OF_CONNECTION,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    // A password never crosses a network in the clear, whatever the server says of STARTTLS.
    requireTLS: password !== "" && !isHere,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send({ to, subject, text, headers }) {
      try {
        // As an object: a comma in an address does not make two of it.
        const answer = await transport.sendMail({
          from,
          to: { name: "", address: to },
          subject,
          text,
          headers: { "Auto-Submitted": "auto-generated", ...headers },
        });
        return answer.accepted.length > 0 ? "sent" : "refused";
      } catch (error) {
        const { responseCode = 0, code = "" } = error as { responseCode?: number; code?: string };
        // RFC 5321 §4.2.1. That the server does not take our login is the operator's to mend, not the receiver's fault.
        if (responseCode >= 500 && code !== "EAUTH") return "refused";
        throw new MailError(`The mail server took no letter (${responseCode || code || "no answer"}).`);
      }
    },
    close: () => transport.close(),
  };
}
