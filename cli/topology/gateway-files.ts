/** The gateway's configuration with its names filled in, as envsubst does, and a certificate for trying it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dir, "..", "..", "deploy", "nginx");
const TEMPLATE = join(FOLDER, "nginx.conf.template");
const BROTLI_MODULE = "/usr/lib/nginx/modules/ngx_http_brotli_filter_module.so";

/** What start.sh fills in by what the build can, for Debian's. */
export const GATEWAY_ABILITIES = {
  GATEWAY_BROTLI: existsSync(BROTLI_MODULE) ? `include ${join(FOLDER, "brotli.conf")};` : "",
  GATEWAY_QUIC: "",
} as const;

/** Throws for a name of the template that is not given. */
export function gatewayConfiguration(values: Readonly<Record<string, string>>): string {
  return readFileSync(TEMPLATE, "utf8").replace(/\$\{(GATEWAY_[A-Z_]+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${name} is needed by ${TEMPLATE}`);
    return value;
  });
}

/** PEM files in `folder`, for localhost, signed by itself. */
export async function makeCertificate(folder: string): Promise<{ readonly cert: string; readonly key: string }> {
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const child = Bun.spawn(
    [
      ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"],
      ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
      ...["-keyout", key, "-out", cert],
    ],
    { stdin: "ignore", stdout: "ignore", stderr: "ignore" },
  );
  if ((await child.exited) !== 0) throw new Error("openssl made no certificate");
  return { cert, key };
}
