package dev.katran.examples.replay.pcap;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Reads a capture frame by frame. */
public final class PcapReader implements Closeable {

  static final int RECORD_HEADER = 16;

  private final InputStream in;
  private final PcapFormat format;
  private long position;
  private long frames;

  private PcapReader(InputStream in) throws IOException {
    this.in = in;
    byte[] header = read(PcapFormat.LENGTH);
    if (header.length < PcapFormat.LENGTH) {
      throw new PcapException(
          "the file has only %d bytes; a capture's header has %d"
              .formatted(header.length, PcapFormat.LENGTH));
    }
    this.format = PcapFormat.parse(header);
  }

  /**
   * Opens a capture.
   *
   * @throws PcapException if it is not a capture or its format is not supported
   * @throws IOException if it cannot be read
   */
  public static PcapReader open(Path file) throws IOException {
    InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
    try {
      return new PcapReader(in);
    } catch (IOException | RuntimeException e) {
      in.close();
      throw e;
    }
  }

  /** Returns the format of the capture. */
  public PcapFormat format() {
    return format;
  }

  /** Returns the number of bytes read so far. */
  public long position() {
    return position;
  }

  /**
   * Returns the next frame; empty at the end.
   *
   * @throws PcapException if the file ends within a frame, or a length is invalid
   * @throws IOException if it cannot be read
   */
  public Optional<CapturedFrame> next() throws IOException {
    long start = position;
    byte[] bytes = read(RECORD_HEADER);
    if (bytes.length == 0) {
      return Optional.empty();
    }
    frames++;
    if (bytes.length < RECORD_HEADER) {
      throw truncated(start);
    }
    ByteBuffer header = ByteBuffer.wrap(bytes).order(format.order());
    int recorded = header.getInt(8);
    if (Integer.compareUnsigned(recorded, PcapFormat.MAX_SNAP_LENGTH) > 0) {
      throw new PcapException(
          "frame %d at byte %d has %s bytes: the file is corrupt"
              .formatted(frames, start, Integer.toUnsignedString(recorded)));
    }
    byte[] frame = read(recorded);
    if (frame.length < recorded) {
      throw truncated(start);
    }
    return Optional.of(
        new CapturedFrame(header.getInt(0), header.getInt(4), frame, header.getInt(12)));
  }

  private PcapException truncated(long start) {
    return new PcapException(
        "the file is truncated: it ends at byte %d, within frame %d, which starts at byte %d"
            .formatted(position, frames, start));
  }

  private byte[] read(int count) throws IOException {
    byte[] bytes = in.readNBytes(count);
    position += bytes.length;
    return bytes;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
