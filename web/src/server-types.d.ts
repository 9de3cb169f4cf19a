/**
 * The client's types reach through the API into code that runs on Bun, and the DOM library's ReadableStream hides Bun's.
 * Declared for that code only: pages must not use it, browsers don't have it.
 */
interface ReadableStream {
  text(): Promise<string>;
}
