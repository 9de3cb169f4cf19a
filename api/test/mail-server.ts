/** A real SMTP server for tests: keeps the letters that it takes, refuses addresses that begin with `nobody`, and may be away for a while. */
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";

export interface MailServer {
  readonly url: string;
  readonly letters: readonly ParsedMail[];
  /** The next letters are answered 451. */
  refuseForNow(count: number): void;
  /** The first letter to an address, once it is there. */
  letterTo(address: string, index?: number): Promise<ParsedMail>;
  stop(): Promise<void>;
}

const reply = (responseCode: number, text: string) => Object.assign(new Error(text), { responseCode });

export async function startMailServer(): Promise<MailServer> {
  const letters: ParsedMail[] = [];
  let refusals = 0;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onRcptTo({ address }, _session, done) {
      done(address.startsWith("nobody") ? reply(550, "No such mailbox") : null);
    },
    onData(stream, _session, done) {
      simpleParser(stream).then((letter) => {
        if (refusals > 0) {
          refusals--;
          return done(reply(451, "Try again later"));
        }
        letters.push(letter);
        done();
      }, done);
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.server.address() as { port: number };
  const sentTo = (address: string) =>
    letters.filter(({ to }) => (Array.isArray(to) ? to : [to]).some((each) => each?.text.includes(address)));
  return {
    url: `smtp://127.0.0.1:${port}`,
    letters,
    refuseForNow(count) {
      refusals = count;
    },
    async letterTo(address, index = 0) {
      for (;;) {
        const found = sentTo(address)[index];
        if (found !== undefined) return found;
        await Bun.sleep(5);
      }
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
