package dev.katran.internal.dataplane.kernel;

import dev.katran.bpf.generated.katran_flow_key;
import dev.katran.internal.dataplane.FlowSecret;
import dev.katran.internal.dataplane.FlowWord;
import dev.katran.internal.packet.FiveTuple;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * Copies the entries of a flow table into one of another size, or with other keys, while packets
 * use either of them. Each run copies the entries that have changed since the last one. Of two
 * entries of a flow, the one that was used last remains, and so it is if a bucket has too few
 * places.
 */
final class FlowCopy implements Runnable {

  private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();
  private static final StructLayout OWN_KEY = StructLayout.of(katran_flow_key.layout());

  private final FlowMaps source;
  private final StructLayout sourceKey;
  private final FlowMaps target;
  private final StructLayout targetKey;
  private final FlowSecret secret;

  /** The words that were copied. */
  private final long[] copied;

  FlowCopy(
      FlowMaps source,
      StructLayout sourceKey,
      FlowMaps target,
      StructLayout targetKey,
      FlowSecret secret) {
    this.source = source;
    this.sourceKey = sourceKey;
    this.target = target;
    this.targetKey = targetKey;
    this.secret = secret;
    this.copied = new long[source.count() * FlowWord.PER_BUCKET];
  }

  @Override
  public void run() {
    long now = System.nanoTime();
    MemorySegment words = source.words();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment own = arena.allocate(katran_flow_key.layout());
      for (int place = 0; place < copied.length; place++) {
        long word = (long) WORD.getOpaque(words, (long) place * Long.BYTES);
        if (word != 0 && word != copied[place] && copy(place, word, now, own)) {
          copied[place] = word;
        }
      }
    }
  }

  /** Returns whether the entry is complete: a packet may be inserting it. */
  private boolean copy(int place, long word, long now, MemorySegment own) {
    MemorySegment key = slice(source.flows(), sourceKey, place);
    sourceKey.copy(key, own.fill((byte) 0), OWN_KEY);
    FiveTuple flow = Abi.readFlow(katran_flow_key.flow(own));
    long tag = secret.tag(flow);
    if (!FlowWord.hasTag(word, tag)) {
      return false;
    }
    int first = secret.bucket(flow, target.count()) * FlowWord.PER_BUCKET;
    int best = first;
    for (int i = first; i < first + FlowWord.PER_BUCKET; i++) {
      long there = targetWord(i);
      if (there != 0 && FlowWord.hasTag(there, tag)) {
        best = i;
        break;
      }
      if (suitability(there, now) > suitability(targetWord(best), now)) {
        best = i;
      }
    }
    long there = targetWord(best);
    boolean isOurs = there == 0 || there == copied[place];
    if (isOurs || FlowWord.unused(there, now) > FlowWord.unused(word, now)) {
      sourceKey.copy(key, slice(target.flows(), targetKey, best), targetKey);
      WORD.compareAndSet(target.words(), (long) best * Long.BYTES, there, word);
    }
    return true;
  }

  /** An empty place suits most, then one that has not been used for long. */
  private static long suitability(long word, long now) {
    return word == 0 ? Long.MAX_VALUE : FlowWord.unused(word, now);
  }

  private long targetWord(int place) {
    return (long) WORD.getOpaque(target.words(), (long) place * Long.BYTES);
  }

  private static MemorySegment slice(MemorySegment memory, StructLayout layout, int place) {
    return memory.asSlice(place * layout.size(), layout.size());
  }
}
