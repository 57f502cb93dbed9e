package dev.katran.traffic;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** The application protocol of a {@link Server}. */
interface Service {

  /** Returns the reply to a datagram. */
  byte[] reply(byte[] datagram);

  /** Serves a connection, which is closed afterwards. All bytes from the client must be read. */
  void serve(InputStream in, OutputStream out) throws IOException;

  /** Echoes datagrams and streams. */
  Service ECHO =
      new Service() {
        @Override
        public byte[] reply(byte[] datagram) {
          return datagram;
        }

        @Override
        public void serve(InputStream in, OutputStream out) throws IOException {
          in.transferTo(out);
        }
      };

  /** Returns a service that replies with a name. */
  static Service replying(String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    return sending(bytes, bytes);
  }

  /** Returns a service that sends fixed replies; to a connection, after the client's last byte. */
  static Service sending(byte[] datagram, byte[] stream) {
    return new Service() {
      @Override
      public byte[] reply(byte[] request) {
        return datagram;
      }

      @Override
      public void serve(InputStream in, OutputStream out) throws IOException {
        in.readAllBytes();
        out.write(stream);
      }
    };
  }

  /** Returns pseudorandom bytes, seeded with their length. */
  static byte[] content(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }
}
