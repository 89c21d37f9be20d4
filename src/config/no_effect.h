/* Options beside a rule that can do nothing there: whoever wrote one expects something of it. */
#ifndef SS_CONFIG_NO_EFFECT_H
#define SS_CONFIG_NO_EFFECT_H

#include "config/document.h"

/* Says in d which of the rule's own options, and of its bindings' own, can have no effect on method; of
 * inherited ones nothing. */
void ss_no_effect_check(struct ss_diag *d, const struct ss_document_rule *rule,
                        const struct ss_method *method);

#endif
