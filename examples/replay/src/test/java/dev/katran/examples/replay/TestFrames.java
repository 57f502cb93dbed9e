package dev.katran.examples.replay;

import java.util.HexFormat;

/** Frames for tests, with valid lengths and checksums. */
public final class TestFrames {

  /** From 198.51.100.7 port 49152 to 203.0.113.10 port 443, SYN and ACK, an option, "hello". */
  public static final String TCP_V4 =
      "0200000000010200000000fe080045000031123440003c06c64dc6336407cb00710ac00001bb000003e8000007d0"
          + "6012200000860000020405b468656c6c6f";

  /** From 198.51.100.7 port 50000 to 203.0.113.10 port 53, "ping". */
  public static final String UDP_V4 =
      "0200000000010200000000fe080045000020123440003c11c653c6336407cb00710ac3500035000cf73970696e67";

  /** From 2001:db8:c::7 port 50000 to 2001:db8:5::10 port 53, 19 bytes. */
  public static final String UDP_V6 =
      "0200000000010200000000fe86dd600abcde001b113c20010db8000c0000000000000000000720010db800050000"
          + "0000000000000010c3500035001bff073031323334353637383961626364656658595a";

  /** {@link #TCP_V4} in IPv6 from fc00::9 to fc00::1. */
  public static final String IPIP =
      "0200000000010200000000fe86dd600abcde0031043cfc000000000000000000000000000009fc00000000000000"
          + "000000000000000145000031123440003c06c64dc6336407cb00710ac00001bb000003e8000007d06012"
          + "200000860000020405b468656c6c6f";

  /** {@link #UDP_V6} in GUE over IPv4 from 10.0.13.37 to 10.0.0.1, port 6080. */
  public static final String GUE =
      "0200000000010200000000fe08004500005f123440003c110b350a000d250a0000017a6917c0004b1df5600abcde"
          + "001b113c20010db8000c0000000000000000000720010db8000500000000000000000010c3500035001b"
          + "ff073031323334353637383961626364656658595a";

  /** Limits packets to 203.0.113.10 to 1400 bytes; contains the start of {@link #TCP_V4}. */
  public static final String TOO_BIG_V4 =
      "0200000000010200000000fe080045000038123440003c01c64bcb00710ac6336407030431e00000057845000031"
          + "123440003c06c64dc6336407cb00710ac00001bb000003e8";

  /** Limits packets to 2001:db8:5::10 to 1280 bytes; contains the start of {@link #UDP_V6}. */
  public static final String TOO_BIG_V6 =
      "0200000000010200000000fe86dd600abcde00383a3c20010db800050000000000000000001020010db8000c0000"
          + "00000000000000070200507000000500600abcde001b113c20010db8000c00000000000000000007200"
          + "10db8000500000000000000000010c3500035001bff07";

  /** From 2001:db8:c::7 to 2001:db8:5::10, identifier 7, sequence number 1, "ping". */
  public static final String ECHO_V6 =
      "0200000000010200000000fe86dd600abcde000c3a3c20010db8000c0000000000000000000720010db800050000"
          + "0000000000000010800045460007000170696e67";

  private TestFrames() {}

  /** Returns the bytes of a frame in hexadecimal. */
  public static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex);
  }
}
