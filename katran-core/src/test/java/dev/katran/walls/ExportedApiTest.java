package dev.katran.walls;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import dev.katran.LoadBalancer;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Requires;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** An application that reads this module alone can name every type that it meets there. */
class ExportedApiTest {

  private static final String CLASS = ".class";

  private static final ModuleReference MODULE =
      ModuleFinder.of(CodeSources.of(LoadBalancer.class)).find(Room.PROJECT).orElseThrow();

  @Test
  void module_exportsTheApiTheLabAndTheMetrics() {
    assertThat(MODULE.descriptor().exports())
        .allMatch(each -> !each.isQualified())
        .extracting(ModuleDescriptor.Exports::source)
        .containsExactlyInAnyOrder(Room.PROJECT, Room.PROJECT + ".lab", Room.PROJECT + ".metrics");
  }

  @Test
  void module_passesNoOtherModuleOn() {
    assertThat(MODULE.descriptor().requires())
        .filteredOn(each -> each.modifiers().contains(Requires.Modifier.TRANSITIVE))
        .as("modules that an application would read without requiring them")
        .isEmpty();
  }

  @Test
  void exportedSignatures_nameOnlyExportedTypes() throws Exception {
    Set<String> exported =
        MODULE.descriptor().exports().stream()
            .map(ModuleDescriptor.Exports::source)
            .collect(Collectors.toUnmodifiableSet());
    ImmutableList.Builder<String> hidden = ImmutableList.builder();
    for (String name : classNames()) {
      if (exported.contains(name.substring(0, Math.max(0, name.lastIndexOf('.'))))) {
        Class<?> type = Class.forName(name, false, getClass().getClassLoader());
        for (Signature signature : Signature.visibleOf(type)) {
          signature.hiddenTypes(exported).stream()
              .filter(each -> !isMicrometer(type, each))
              .map(each -> signature.owner() + " names " + each)
              .forEach(hidden::add);
        }
      }
    }
    assertThat(hidden.build())
        .as("types in signatures that are in no exported package, or not public")
        .isEmpty();
  }

  /** Returns whether it is the integration with Micrometer that names one of its types. */
  private static boolean isMicrometer(Class<?> owner, String named) {
    return Room.of(owner.getName()).equals(Optional.of(Room.METRICS))
        && named.startsWith("io.micrometer.core.instrument.");
  }

  private static List<String> classNames() throws IOException {
    try (ModuleReader reader = MODULE.open()) {
      return reader
          .list()
          .filter(each -> each.endsWith(CLASS) && !each.contains("-"))
          .map(each -> each.substring(0, each.length() - CLASS.length()).replace('/', '.'))
          .toList();
    }
  }
}
