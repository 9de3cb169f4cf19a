/** Acknowledgements, RTMP 1.0 §5.4.3: after each window's worth of received bytes the count so far is due. */
/** The window we announce, and the one we keep to until the peer announces another. */
export const WINDOW_SIZE = 2_500_000;

export class Acknowledger {
  private received = 0;
  private acknowledged = 0;
  private window = WINDOW_SIZE;

  /** The peer's Window Acknowledgement Size (§5.4.4). Zero would ask for one on every byte: ignored. */
  setWindow(size: number): void {
    if (size > 0) this.window = size;
  }

  count(bytes: number): void {
    this.received += bytes;
  }

  /** The sequence number to acknowledge now, or null. Asked when an answer can be sent, so that none is lost before that. */
  due(): number | null {
    if (this.received - this.acknowledged < this.window) return null;
    this.acknowledged = this.received;
    return this.received % 2 ** 32;
  }
}
