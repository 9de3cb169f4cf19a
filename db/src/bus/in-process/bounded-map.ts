/** A map that forgets its oldest entries: what an attacker can name must not fill the memory. */
export class BoundedMap<K, V> {
  private readonly entries = new Map<K, V>();
  constructor(private readonly max: number) {}

  get size(): number {
    return this.entries.size;
  }

  get(key: K): V | undefined {
    return this.entries.get(key);
  }

  /** Makes it the youngest entry. */
  set(key: K, value: V): void {
    this.entries.delete(key);
    this.entries.set(key, value);
    if (this.entries.size > this.max) this.entries.delete(this.entries.keys().next().value as K);
  }

  delete(key: K): void {
    this.entries.delete(key);
  }

  /** Deletes what `isOver` says; safe while iterating. */
  sweep(isOver: (value: V, key: K) => boolean): void {
    for (const [key, value] of this.entries) if (isOver(value, key)) this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }
}
