package dev.katran.traffic;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** What a {@link Server} does with what it is sent. */
interface Service {

  /** The datagram that answers one. */
  byte[] answer(byte[] datagram);

  /** Serves a connection, which is closed then; all that the client said must have been read. */
  void serve(InputStream in, OutputStream out) throws IOException;

  /** Sends back what it gets. */
  Service ECHO =
      new Service() {
        @Override
        public byte[] answer(byte[] datagram) {
          return datagram;
        }

        @Override
        public void serve(InputStream in, OutputStream out) throws IOException {
          in.transferTo(out);
        }
      };

  /** Says a name. */
  static Service saying(String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    return sending(bytes, bytes);
  }

  /** Sends the same to everybody, whatever is asked, when the client has ended. */
  static Service sending(byte[] datagram, byte[] stream) {
    return new Service() {
      @Override
      public byte[] answer(byte[] request) {
        return datagram;
      }

      @Override
      public void serve(InputStream in, OutputStream out) throws IOException {
        in.readAllBytes();
        out.write(stream);
      }
    };
  }

  /** Bytes that look random, the same for the same length. */
  static byte[] content(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }
}
