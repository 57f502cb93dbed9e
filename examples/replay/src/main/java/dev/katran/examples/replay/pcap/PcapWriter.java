package dev.katran.examples.replay.pcap;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes a capture frame by frame. */
public final class PcapWriter implements Closeable {

  private final OutputStream out;
  private final PcapFormat format;

  private PcapWriter(OutputStream out, PcapFormat format) throws IOException {
    this.out = out;
    this.format = format;
    out.write(format.toBytes());
  }

  /**
   * Creates a capture; replaces an existing file.
   *
   * @throws IOException if it cannot be written
   */
  public static PcapWriter create(Path file, PcapFormat format) throws IOException {
    OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16);
    try {
      return new PcapWriter(out, format);
    } catch (IOException | RuntimeException e) {
      out.close();
      throw e;
    }
  }

  /**
   * Appends a frame. The fraction of its timestamp must be in the unit of the format.
   *
   * @throws IOException if it cannot be written
   */
  public void write(CapturedFrame frame) throws IOException {
    ByteBuffer header =
        ByteBuffer.allocate(PcapReader.RECORD_HEADER)
            .order(format.order())
            .putInt(frame.seconds())
            .putInt(frame.fraction())
            .putInt(frame.bytes().length)
            .putInt(frame.length());
    out.write(header.array());
    out.write(frame.bytes());
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
