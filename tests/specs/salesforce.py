"""What Salesforce's REST answers and the two objects of the renewal look like, written by hand from the vendor's reference.

A table is that of `check`: names ending in "!" are required, a list holds such objects, "any" is not looked into.
"""

from typing import Any

_CONTRACT: dict[str, Any] = {
    "Monthly_Price__c": "number",
    "CurrencyIsoCode": "string",
    "Term_Start__c": "string",
    "Term_End__c": "string",
    "Term_Months__c": "number",
    "Discount_Percent__c": "number",
    "Notice_By__c": "string",
    "Billing_Contact__c": "string",
    "Signed_On__c": "string",
    "Renewal_Key__c": "string",
    "Renewal_Version__c": "number",
}
_CHANGE_ORDER: dict[str, Any] = {
    "Contract_Number__c": "string",
    "Description__c": "string",
    "Monthly_Change__c": "number",
    "CurrencyIsoCode": "string",
    "Effective_On__c": "string",
}
_RECORD: dict[str, Any] = {
    "attributes!": {"type!": "string", "url": "string"},
    "Id": "string",
    "MSA_Number__c": "string",
    "CO_Number__c": "string",
    "SystemModstamp": "string",
    "LastModifiedDate": "string",
    "LastModifiedBy": {"attributes!": {"type!": "string", "url": "string"}, "Name": "string"},
    **_CONTRACT,
    **_CHANGE_ORDER,
}
WRITABLE: dict[str, Any] = {"Contract": _CONTRACT, "Change_Order__c": _CHANGE_ORDER}
"""Object -> the fields of an upsert; the external id stands in the address."""
WRITTEN: dict[str, Any] = {
    "Contract": ("Monthly_Price__c", "Term_Start__c", "Term_End__c", "Term_Months__c", "Renewal_Key__c", "Renewal_Version__c"),
    "Change_Order__c": ("Contract_Number__c", "Monthly_Change__c", "CurrencyIsoCode", "Effective_On__c"),
}
"""Object -> the fields without which a write would be half of one."""
QUERY: dict[str, Any] = {"query!": {"q!": "string"}}
QUERY_ANSWER: dict[str, Any] = {"totalSize!": "number", "done!": "boolean", "nextRecordsUrl": "string", "records!": [_RECORD]}
UPSERT_ANSWER: dict[str, Any] = {"id!": "string", "success!": "boolean", "errors!": ["any"], "created!": "boolean"}
UPDATED: dict[str, Any] = {"content_type!": "string", "bytes!": "number"}
"""A record changed by its Id: 204 without a body, which the journal notes as its size."""
TOKEN: dict[str, Any] = {"grant_type!": "string", "assertion!": "string"}
TOKEN_ANSWER: dict[str, Any] = {
    "access_token!": "string",
    "token_type!": "string",
    "scope": "string",
    "instance_url!": "string",
    "id!": "string",
    "issued_at": "string",
    "signature": "string",
}
DOCUSIGN_TOKEN_ANSWER: dict[str, Any] = {"access_token!": "string", "token_type!": "string", "expires_in!": "number", "scope": "string"}
"""DocuSign's OAuth host has no description of its own; its JWT grant is the same request."""
