package dev.katran.internal.dataplane.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Maps;
import com.google.common.net.InetAddresses;
import dev.katran.Forwarding;
import dev.katran.Limits;
import dev.katran.Prefix;
import dev.katran.Restoration;
import dev.katran.TunnelKind;
import dev.katran.VipKey;
import dev.katran.bpf.BpfPrograms;
import dev.katran.bpf.generated.Katran;
import dev.katran.bpf.generated.katran_address;
import dev.katran.bpf.generated.katran_backend;
import dev.katran.bpf.generated.katran_counter;
import dev.katran.bpf.generated.katran_decap_prefix_key;
import dev.katran.bpf.generated.katran_restoration;
import dev.katran.bpf.generated.katran_restore_key;
import dev.katran.bpf.generated.katran_source_v4;
import dev.katran.bpf.generated.katran_source_v6;
import dev.katran.bpf.generated.katran_vip_hash;
import dev.katran.bpf.generated.katran_vip_line;
import dev.katran.internal.dataplane.BackendEntry;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.RingSlots;
import dev.katran.internal.dataplane.TunnelAction;
import dev.katran.internal.dataplane.VipFlags;
import dev.katran.internal.net.MacAddress;
import dev.katran.internal.packet.Hop;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Compares the three views of the ABI by name: {@code katran.h}, the types of the committed object
 * files, and the Java code that repeats them. Loads no program, so it needs no privileges.
 */
class AbiTest {

  private static final String PREFIX = "KATRAN_";
  private static final long CACHE_LINE = 64;

  private static final CHeader HEADER = header();

  /** Counters of {@code enum katran_balancer_counter} without a {@link Counter.Total}, and why. */
  private static final ImmutableMap<String, String> NO_TOTAL =
      ImmutableMap.of(
          "ERRORS_SENT", "state of the program: what it spent of a second's budget of ICMP errors",
          "REPLIES_SENT", "the same for echo replies",
          "NEW_OTHERS", "read with NEW_FLOWS, by CounterTable.newFlows",
          "FIRST_VIP_COUNTER", "not a counter: the index of the first VIP's counters");

  /** The same for {@code enum katran_vip_counter} and {@link Counter.VipEvent}. */
  private static final ImmutableMap<String, String> NO_EVENT =
      ImmutableMap.of("KATRAN_COUNTERS_PER_VIP", "not a counter: the number of counters per VIP");

  /** The same for {@code enum katran_decap_counter} and {@link TunnelKind}. */
  private static final ImmutableMap<String, String> NO_TUNNEL_KIND =
      ImmutableMap.of(
          "PASS", "packets that are in no tunnel, see DecapsulationProgram.passed",
          "CONGESTED", "dropped packets, see DecapsulationProgram.congested",
          "COUNTERS", "not a counter: the number of counters per CPU");

  /**
   * Structures that the object files do not describe: BTF omits the types of local variables, and
   * an inner map declares only the sizes of its key and value. BTF omits the enums as well, so
   * constants are compared with the header only.
   */
  private static final ImmutableSet<String> NOT_COMPILED =
      ImmutableSet.of(
          "katran_vip_key",
          "katran_vip_entry",
          "katran_vip_line",
          "katran_vip_hash",
          "katran_source_v4",
          "katran_source_v6",
          "katran_down_key",
          "katran_reverse_key",
          "katran_tunnel_end_key");

  private static CHeader header() {
    try {
      return CHeader.read(Path.of("..", "katran-bpf", "src", "main", "bpf", "katran.h"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void generatedConstants_areThoseOfTheHeader() throws ReflectiveOperationException {
    Map<String, Integer> generated = new TreeMap<>();
    for (Method method : Katran.class.getMethods()) {
      if (method.getName().startsWith(PREFIX)) {
        generated.put(method.getName(), (Integer) method.invoke(null));
      }
    }
    assertThat(generated).containsExactlyInAnyOrderEntriesOf(HEADER.constants());
  }

  @Test
  void generatedStructs_areLaidOutAsInTheHeader() throws ReflectiveOperationException {
    Map<String, CStruct> generated = new TreeMap<>();
    for (String name : HEADER.structs().keySet()) {
      generated.put(name, generatedStruct(name));
    }
    assertThat(generated).containsExactlyInAnyOrderEntriesOf(HEADER.structs());
  }

  private static CStruct generatedStruct(String name) throws ReflectiveOperationException {
    Class<?> type = Class.forName(Katran.class.getPackageName() + "." + name);
    ImmutableMap.Builder<String, CStruct.Field> fields = ImmutableMap.builder();
    for (MemoryLayout member :
        ((GroupLayout) type.getMethod("layout").invoke(null)).memberLayouts()) {
      if (member.name().isPresent()) { // the others are padding
        String field = member.name().get();
        long offset = (Long) type.getMethod(field + "$offset").invoke(null);
        fields.put(field, new CStruct.Field(offset, member.byteSize()));
      }
    }
    return new CStruct((Long) type.getMethod("sizeof").invoke(null), fields.buildOrThrow());
  }

  @Test
  void programs_layOutStructsAsTheHeader() {
    Map<String, CStruct> compiled = new TreeMap<>();
    for (byte[] program :
        List.of(BpfPrograms.balancer(), BpfPrograms.decap(), BpfPrograms.restore())) {
      compiled.putAll(Btf.of(program).structs());
    }
    assertThat(HEADER.structs().keySet()).containsAll(NOT_COMPILED);
    assertThat(Maps.filterKeys(compiled, each -> each.startsWith("katran_")))
        .containsExactlyInAnyOrderEntriesOf(
            Maps.filterKeys(HEADER.structs(), each -> !NOT_COMPILED.contains(each)));
  }

  @Test
  void vipFlags_areThoseOfTheHeader() throws IllegalAccessException {
    Map<String, Integer> flags = constantsOf(VipFlags.class);
    int all = flags.remove("ALL");
    flags.remove("HASH"); // a mask of three flags

    assertThat(flags)
        .containsExactlyInAnyOrderEntriesOf(header("katran_vip_flag", PREFIX + "VIP_"));
    assertThat(all).isEqualTo(sum(flags.values()));
  }

  @Test
  void tunnelActions_areThoseOfTheHeader() throws IllegalAccessException {
    assertThat(constantsOf(TunnelAction.class))
        .containsExactlyInAnyOrderEntriesOf(header("katran_tunnel_end", PREFIX));
  }

  @Test
  void ringSlots_haveTheFieldsOfTheHeader() {
    int none = Dataplane.NO_BACKEND;
    RingSlots slots =
        RingSlots.stable(new int[] {-1, none, none}).toBuilder()
            .changing(1, none, 1)
            .settled(2, none)
            .build();

    assertThat(slots.backend(0)).isEqualTo(constant("KATRAN_SLOT_BACKEND"));
    assertThat(slots.words()[1]).isEqualTo(constant("KATRAN_SLOT_CHANGING"));
    assertThat(slots.words()[2]).isEqualTo(constant("KATRAN_SLOT_SETTLED"));
    assertThat(HEADER.constantsOf("katran_slot")).hasSize(3);
    assertThat(none).isEqualTo(constant("KATRAN_NO_BACKEND"));
  }

  @Test
  void totals_haveTheIndicesOfTheHeader() {
    assertThat(indices(Counter.Total.class, each -> each))
        .containsExactlyInAnyOrderEntriesOf(
            without(header("katran_balancer_counter", PREFIX), NO_TOTAL));
  }

  @Test
  void totals_endBeforeTheCountersOfVips() {
    assertThat(indices(Counter.Total.class, each -> each).values())
        .doesNotHaveDuplicates()
        .allMatch(each -> each < Katran.KATRAN_FIRST_VIP_COUNTER());
  }

  @Test
  void vipEvents_haveTheIndicesOfTheHeader() {
    Map<String, Integer> expected = without(header("katran_vip_counter", "KATRAN_VIP_"), NO_EVENT);
    int first = Katran.KATRAN_FIRST_VIP_COUNTER();
    int perVip = Katran.KATRAN_COUNTERS_PER_VIP();

    for (int vip = 0; vip < 3; vip++) {
      int number = vip;
      int base = first + vip * perVip;
      assertThat(indices(Counter.VipEvent.class, each -> new Counter.OfVip(number, each)))
          .containsExactlyInAnyOrderEntriesOf(Maps.transformValues(expected, each -> base + each));
    }
  }

  @Test
  void decapsulatorCounters_haveATunnelKindEach() {
    Map<String, Integer> expected =
        without(header("katran_decap_counter", "KATRAN_DECAP_"), NO_TUNNEL_KIND);

    assertThat(expected.keySet())
        .map(each -> each.replaceFirst("^([46])IN([46])$", "IPV$1_IN_IPV$2"))
        .containsExactlyInAnyOrder(names(TunnelKind.class));
  }

  @Test
  void backendWord_holdsFamilyFlagsAndMac() {
    long word = katran_backend.family$offset();

    assertThat(word % Long.BYTES).isZero();
    assertThat(katran_backend.flags$offset()).isEqualTo(word + 1);
    assertThat(katran_backend.destination_mac$offset()).isEqualTo(word + 2);
    assertThat(katran_backend.destination_mac$layout().byteSize()).isEqualTo(Long.BYTES - 2);
  }

  @Test
  void publishBackend_fillsTheFieldsOfTheHeader() {
    MacAddress nextHop = MacAddress.parse("02:01:02:03:04:05");
    MacAddress ours = MacAddress.parse("02:0a:0b:0c:0d:0e");
    MemorySegment backend = Arena.ofAuto().allocate(katran_backend.layout());

    Abi.publishBackend(
        backend,
        new BackendEntry(
            InetAddresses.forString("10.0.0.11"),
            8080,
            Forwarding.gue(),
            true,
            new Hop(nextHop, new Hop.Egress(7, ours))));

    assertThat(katran_backend.family(backend)).isEqualTo((byte) constant("KATRAN_IPV4"));
    assertThat(katran_backend.flags(backend))
        .isEqualTo(
            (byte)
                (sum(HEADER.constantsOf("katran_backend_flag").values())
                    - constant("KATRAN_BACKEND_REWRITE")
                    - constant("KATRAN_BACKEND_DIRECT")));
    assertThat(bytes(katran_backend.destination_mac(backend))).isEqualTo(nextHop.toBytes());
    assertThat(bytes(katran_backend.source_mac(backend))).isEqualTo(ours.toBytes());
    assertThat(katran_backend.egress_ifindex(backend)).isEqualTo(7);
    assertThat(Short.reverseBytes(katran_backend.port(backend))).isEqualTo((short) 8080);
    assertThat(bytes(katran_backend.address(backend)))
        .isEqualTo(Arrays.copyOf(new byte[] {10, 0, 0, 11}, (int) katran_address.sizeof()));
  }

  @Test
  void sourceKeys_beginWithTheirPrefixLength() {
    assertThat(katran_source_v4.prefix_length$offset()).isZero();
    assertThat(katran_source_v6.prefix_length$offset()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"203.0.113.0/24, KATRAN_IPV4", "2001:db8::/32, KATRAN_IPV6"})
  void writeDecapPrefix_fillsTheFieldsOfTheHeader(String cidr, String family) {
    Prefix prefix = Prefix.of(cidr);
    byte[] address = prefix.address().getAddress();
    MemorySegment key = Arena.ofAuto().allocate(katran_decap_prefix_key.layout());
    key.fill((byte) 0xff);

    Abi.writeDecapPrefix(key, prefix);

    assertThat(katran_decap_prefix_key.prefix_length(key))
        .isEqualTo(constant("KATRAN_DECAP_PREFIX_FIXED_BITS") + prefix.length());
    assertThat(katran_decap_prefix_key.family(key)).isEqualTo(constant(family));
    assertThat(bytes(katran_decap_prefix_key.address(key)))
        .isEqualTo(Arrays.copyOf(address, (int) katran_address.sizeof()));
  }

  @Test
  void decapPrefixKey_beginsWithItsLengthAndTheFixedBits() {
    assertThat(katran_decap_prefix_key.prefix_length$offset()).isZero();
    assertThat(katran_decap_prefix_key.address$offset() - katran_decap_prefix_key.family$offset())
        .isEqualTo(constant("KATRAN_DECAP_PREFIX_FIXED_BITS") / Byte.SIZE);
  }

  @ParameterizedTest
  @CsvSource({
    "203.0.113.10, 443, 10.0.0.11, 8443, KATRAN_IPV4",
    "2001:db8::10, 443, fc00::11,  8443, KATRAN_IPV6",
  })
  void writeRestoration_fillsTheFieldsOfTheHeader(
      String vip, int vipPort, String address, int port, String family) {
    Restoration restoration = Restoration.of(VipKey.udp(vip, vipPort), address, port);
    MemorySegment key = Arena.ofAuto().allocate(katran_restore_key.layout());
    MemorySegment value = Arena.ofAuto().allocate(katran_restoration.layout());
    key.fill((byte) 0xff);
    value.fill((byte) 0xff);

    Abi.writeRestoreKey(key, restoration);
    Abi.writeRestoration(value, restoration);

    int size = (int) katran_address.sizeof();
    assertThat(bytes(katran_restore_key.address(key)))
        .isEqualTo(Arrays.copyOf(restoration.address().getAddress(), size));
    assertThat(katran_restore_key.port(key)).isEqualTo(Short.reverseBytes((short) port));
    assertThat(katran_restore_key.protocol(key)).isEqualTo((byte) 17);
    assertThat(katran_restore_key.family(key)).isEqualTo((byte) constant(family));
    assertThat(bytes(katran_restoration.address(value)))
        .isEqualTo(Arrays.copyOf(restoration.vip().address().getAddress(), size));
    assertThat(katran_restoration.port(value)).isEqualTo(Short.reverseBytes((short) vipPort));
    assertThat(katran_restoration.zero(value)).isZero();
  }

  @Test
  void lines_areCacheLines() {
    assertThat(
            List.of(
                katran_backend.sizeof(),
                katran_vip_line.sizeof(),
                katran_vip_hash.sizeof(),
                katran_counter.sizeof() * Katran.KATRAN_COUNTERS_PER_VIP()))
        .containsOnly(CACHE_LINE);
  }

  @Test
  void header_parsesItsKindsOfDeclarations() {
    CHeader parsed =
        CHeader.parse(
            """
            #define GUARD
            #define A 0x10 /* sixteen */
            enum named { B = A - 1, C, // 16
              D = (1 << 4) | 2 };
            enum { E };
            struct s { __u8 one; __be32 two[C]; __u16 three; };
            struct t { __u8 four; struct s five; };
            """);

    assertThat(parsed.constants()).isEqualTo(Map.of("A", 16, "B", 15, "C", 16, "D", 18, "E", 0));
    assertThat(parsed.constantsOf("named")).isEqualTo(Map.of("B", 15, "C", 16, "D", 18));
    assertThat(parsed.structs().get("s"))
        .isEqualTo(
            new CStruct(
                72,
                ImmutableMap.of(
                    "one", new CStruct.Field(0, 1),
                    "two", new CStruct.Field(4, 64),
                    "three", new CStruct.Field(68, 2))));
    assertThat(parsed.structs().get("t"))
        .isEqualTo(
            new CStruct(
                76,
                ImmutableMap.of(
                    "four", new CStruct.Field(0, 1), "five", new CStruct.Field(4, 72))));
  }

  /** Returns an enum of the header by the constants' names without a prefix. */
  private static Map<String, Integer> header(String enumName, String prefix) {
    Map<String, Integer> constants = new TreeMap<>();
    HEADER
        .constantsOf(enumName)
        .forEach((name, value) -> constants.put(name.replaceFirst("^" + prefix, ""), value));
    return constants;
  }

  /** Returns the constants that Java must have: all but these, which the header does have. */
  private static Map<String, Integer> without(
      Map<String, Integer> constants, ImmutableMap<String, String> exceptions) {
    assertThat(constants).containsKeys(exceptions.keySet().toArray(new String[0]));
    return Maps.filterKeys(constants, each -> !exceptions.containsKey(each));
  }

  private static int constant(String name) {
    return HEADER.constants().get(name);
  }

  private static int sum(Collection<Integer> flags) {
    return flags.stream().reduce(0, Integer::sum);
  }

  private static byte[] bytes(MemorySegment segment) {
    return segment.toArray(ValueLayout.JAVA_BYTE);
  }

  private static <E extends Enum<E>> Map<String, Integer> indices(
      Class<E> type, Function<E, Counter> counter) {
    MapGeometry geometry = new MapGeometry(DataplaneConfig.of(Limits.defaults()));
    return EnumSet.allOf(type).stream()
        .collect(
            Collectors.toMap(Enum::name, each -> CounterIndex.of(counter.apply(each), geometry)));
  }

  private static <E extends Enum<E>> String[] names(Class<E> type) {
    return EnumSet.allOf(type).stream().map(Enum::name).toArray(String[]::new);
  }

  /** Returns the public constants of a class by name. */
  private static Map<String, Integer> constantsOf(Class<?> type) throws IllegalAccessException {
    Map<String, Integer> constants = new TreeMap<>();
    for (Field field : type.getFields()) {
      constants.put(field.getName(), field.getInt(null));
    }
    return constants;
  }
}
