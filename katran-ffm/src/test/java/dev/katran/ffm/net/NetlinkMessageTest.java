package dev.katran.ffm.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.katran.ffm.generated.libc.LibC;
import dev.katran.ffm.generated.libc.ifinfomsg;
import dev.katran.ffm.generated.libc.nlmsghdr;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import org.junit.jupiter.api.Test;

/** Tests that {@link NetlinkReply} decodes what {@link NetlinkRequest} encodes. */
class NetlinkMessageTest {

  private final NetlinkRequest request =
      new NetlinkRequest(LibC.RTM_NEWLINK(), LibC.NLM_F_CREATE());

  @Test
  void message_structAndAttributes_roundTrip() {
    ifinfomsg.ifi_index(request.struct(ifinfomsg.layout()), 7);
    request.string(LibC.IFLA_IFNAME(), "eth0").int32(LibC.IFLA_MTU(), 1600);
    MemorySegment message = request.message(42);

    assertThat(nlmsghdr.nlmsg_len(message)).isEqualTo((int) message.byteSize());
    assertThat(nlmsghdr.nlmsg_type(message)).isEqualTo((short) LibC.RTM_NEWLINK());
    assertThat(nlmsghdr.nlmsg_seq(message)).isEqualTo(42);
    assertThat(nlmsghdr.nlmsg_flags(message))
        .isEqualTo((short) (LibC.NLM_F_REQUEST() | LibC.NLM_F_ACK() | LibC.NLM_F_CREATE()));

    NetlinkReply reply = new NetlinkReply(payload(message), ifinfomsg.layout());
    assertThat(ifinfomsg.ifi_index(reply.struct())).isEqualTo(7);
    assertThat(reply.string(LibC.IFLA_IFNAME())).isEqualTo("eth0");
    assertThat(reply.int32(LibC.IFLA_MTU(), 0)).isEqualTo(1600);
  }

  @Test
  void nest_attributes_roundTrip() {
    request.nest(
        LibC.IFLA_LINKINFO(),
        info ->
            info.string(LibC.IFLA_INFO_KIND(), "veth")
                .nest(LibC.IFLA_INFO_DATA(), data -> data.string(LibC.VETH_INFO_PEER(), "peer")));

    NetlinkReply info =
        NetlinkReply.attributes(payload(request.message(1))).nest(LibC.IFLA_LINKINFO());
    assertThat(info.string(LibC.IFLA_INFO_KIND())).isEqualTo("veth");
    assertThat(info.nest(LibC.IFLA_INFO_DATA()).string(LibC.VETH_INFO_PEER())).isEqualTo("peer");
  }

  @Test
  void address_ipv6_roundTrips() {
    InetAddress ipv6 = InetAddress.ofLiteral("fc00::1");
    request.address(LibC.RTA_DST(), ipv6);

    assertThat(NetlinkReply.attributes(payload(request.message(1))).address(LibC.RTA_DST()))
        .isEqualTo(ipv6);
  }

  @Test
  void toLink_vlanInterface_hasLowerInterfaceAndTag() {
    MemorySegment struct = request.struct(ifinfomsg.layout());
    ifinfomsg.ifi_index(struct, 9);
    ifinfomsg.ifi_type(struct, (short) Link.ETHERNET);
    request
        .string(LibC.IFLA_IFNAME(), "eth0.7")
        .int32(LibC.IFLA_LINK(), 2)
        .int32(LibC.IFLA_MASTER(), 3)
        .nest(
            LibC.IFLA_LINKINFO(),
            info ->
                info.string(LibC.IFLA_INFO_KIND(), "vlan")
                    .nest(LibC.IFLA_INFO_DATA(), data -> data.int16(LibC.IFLA_VLAN_ID(), 4094)));

    Link link = Rtnetlink.toLink(payload(request.message(1)));

    assertThat(link)
        .isEqualTo(
            new Link(
                9, "eth0.7", null, 0, false, false, "vlan", Link.ETHERNET, 2, 3, 4094, 0, false));
  }

  @Test
  void reply_absentAttributes_haveDefaults() {
    NetlinkReply reply = NetlinkReply.attributes(payload(request.message(1)));

    assertThat(reply.bytes(LibC.RTA_DST())).isNull();
    assertThat(reply.address(LibC.RTA_DST())).isNull();
    assertThat(reply.string(LibC.IFLA_IFNAME())).isEmpty();
    assertThat(reply.int32(LibC.IFLA_MTU(), -1)).isEqualTo(-1);
    assertThat(reply.nest(LibC.IFLA_LINKINFO()).string(LibC.IFLA_INFO_KIND())).isEmpty();
  }

  @Test
  void reply_attributeBeyondTheMessage_throws() {
    MemorySegment attribute = MemorySegment.ofArray(new long[1]);
    attribute.set(ValueLayout.JAVA_SHORT, 0, (short) 9);

    assertThatIllegalStateException()
        .isThrownBy(() -> NetlinkReply.attributes(attribute))
        .withMessage("malformed netlink attribute of length 9");
  }

  private static MemorySegment payload(MemorySegment message) {
    return message.asSlice(nlmsghdr.sizeof());
  }
}
