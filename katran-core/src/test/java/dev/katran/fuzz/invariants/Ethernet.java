package dev.katran.fuzz.invariants;

import org.pcap4j.util.ByteArrays;
import org.pcap4j.util.MacAddress;

/**
 * An Ethernet header. Read field by field: pcap4j refuses a header whose type is a length that the
 * frame does not have.
 */
record Ethernet(MacAddress destination, MacAddress source, int type) {

  static final int HEADER = 14;
  static final int TYPE = 12;
  static final int IPV4 = 0x0800;
  static final int IPV6 = 0x86dd;

  /** Reads the header of a frame of at least 14 bytes. */
  static Ethernet read(byte[] frame) {
    return new Ethernet(
        ByteArrays.getMacAddress(frame, 0),
        ByteArrays.getMacAddress(frame, MacAddress.SIZE_IN_BYTES),
        ByteArrays.getShort(frame, TYPE) & 0xffff);
  }

  boolean isIp() {
    return type == IPV4 || type == IPV6;
  }

  boolean isIpv6() {
    return type == IPV6;
  }

  static boolean isGroup(MacAddress address) {
    return (address.getAddress()[0] & 1) != 0;
  }
}
