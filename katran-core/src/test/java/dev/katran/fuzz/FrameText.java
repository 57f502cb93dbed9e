package dev.katran.fuzz;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.StringJoiner;

/** Describes the headers of a frame in one line, outermost first. */
final class FrameText {

  private static final int ETHERNET = 14;
  private static final int IPV4 = 0x0800;
  private static final int IPV6 = 0x86dd;

  private final ByteBuffer frame;
  private final StringJoiner text = new StringJoiner(", ");

  private FrameText(byte[] frame) {
    this.frame = ByteBuffer.wrap(frame);
  }

  static String of(byte[] frame) {
    FrameText text = new FrameText(frame);
    text.addEthernet();
    return text.text.toString();
  }

  private void addEthernet() {
    if (!has(0, ETHERNET)) {
      return;
    }
    int type = unsignedShort(12);
    text.add("%d bytes, ethertype %04x".formatted(frame.limit(), type));
    if (type == IPV4) {
      addIpv4(ETHERNET);
    } else if (type == IPV6) {
      addIpv6(ETHERNET);
    }
  }

  private void addIpv4(int at) {
    if (has(at, 20)) {
      int words = unsignedByte(at) & 0xf;
      text.add(
          "IPv4 %s > %s, ihl %d, ttl %d, length %d"
              .formatted(
                  address(at + 12, 4),
                  address(at + 16, 4),
                  words,
                  unsignedByte(at + 8),
                  unsignedShort(at + 2)));
      if ((unsignedShort(at + 6) & 0x3fff) != 0) {
        text.add("fragment");
      }
      if (words < 5) {
        text.add("the header is too short");
        return;
      }
      addBody(unsignedByte(at + 9), at + 4 * words);
    }
  }

  private void addIpv6(int at) {
    if (has(at, 40)) {
      text.add(
          "IPv6 %s > %s, hop limit %d, length %d"
              .formatted(
                  address(at + 8, 16),
                  address(at + 24, 16),
                  unsignedByte(at + 7),
                  unsignedShort(at + 4)));
      addBody(unsignedByte(at + 6), at + 40);
    }
  }

  private void addBody(int protocol, int at) {
    switch (protocol) {
      case 4 -> addIpv4(at);
      case 41 -> addIpv6(at);
      case 1, 58 -> addIcmp(protocol, at);
      case 6 -> addTcp(at);
      case 17 -> addUdp(at);
      default -> text.add("protocol " + protocol);
    }
  }

  private void addIcmp(int protocol, int at) {
    if (has(at, 8)) {
      int type = unsignedByte(at);
      text.add(
          "%s type %d code %d"
              .formatted(protocol == 1 ? "ICMP" : "ICMPv6", type, unsignedByte(at + 1)));
      if (protocol == 1 && type == 3) {
        addIpv4(at + 8);
      } else if (protocol == 58 && type < 5) {
        addIpv6(at + 8);
      }
    }
  }

  private void addTcp(int at) {
    if (has(at, 14)) {
      text.add("TCP %s, flags %02x".formatted(ports(at), unsignedByte(at + 13)));
    }
  }

  private void addUdp(int at) {
    if (has(at, 8)) {
      text.add("UDP %s".formatted(ports(at)));
    }
  }

  private String ports(int at) {
    return unsignedShort(at) + " > " + unsignedShort(at + 2);
  }

  private boolean has(int at, int length) {
    boolean has = frame.limit() >= at + length;
    if (!has) {
      text.add("truncated");
    }
    return has;
  }

  private int unsignedByte(int at) {
    return frame.get(at) & 0xff;
  }

  private int unsignedShort(int at) {
    return frame.getShort(at) & 0xffff;
  }

  private String address(int at, int length) {
    byte[] bytes = new byte[length];
    frame.get(at, bytes);
    try {
      return InetAddresses.toAddrString(InetAddress.getByAddress(bytes));
    } catch (UnknownHostException e) {
      throw new AssertionError("an address has 4 or 16 bytes", e);
    }
  }
}
